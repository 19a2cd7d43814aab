/** The words that people bring along, and what Fairlead calls them. */
export interface Vocabulary {
  /** What the messages call the whole: `a Service`. */
  readonly owner: string;
  /** The documentation's page about it. */
  readonly page: string;
  /** What the field of another tool is here, as the end of a question: `` `instances` ``. */
  ours(place: string, name: string): string | undefined;
  /** The sentence about a field that is planned but not there yet. */
  later(place: string, name: string): string | undefined;
  /** The problem with a value that is known to be meant but not taken. */
  value(
    place: string,
    value: string,
  ): { readonly message: string; readonly reason: 'unsupported' | 'schema' } | undefined;
}

/** By the place of a field, then by its name there. */
export type Words = Readonly<Record<string, Readonly<Record<string, string>>>>;

export function vocabulary(
  owner: string,
  page: string,
  words: Words,
  later: Words,
  value: Vocabulary['value'],
): Vocabulary {
  return {
    owner,
    page,
    value,
    ours: (place, name) => own(words, place, name)?.replace(/^[\w.]+$/, '`$&`'),
    later: (place, name) => {
      if (name === '<<') return 'Merging maps by `<<` is not there; write the fields out.';
      const what = own(later, place, name);
      return what === undefined ? undefined : `\`${name}\` is not there yet: ${what} will come with a later version.`;
    },
  };
}

function own(words: Words, place: string, name: string): string | undefined {
  const here = Object.hasOwn(words, place) ? words[place] : undefined;
  return here !== undefined && Object.hasOwn(here, name) ? here[name] : undefined;
}

export function unsupported(message: string): { message: string; reason: 'unsupported' } {
  return { message, reason: 'unsupported' };
}
