import type { Source } from '../core/model.ts';
import { layerOf } from '../core/reason.ts';
import type { Problem, Reason, Warning, WarningCode } from '../core/reason.ts';
import type { Document } from './document.ts';
import { printPath } from './path.ts';
import type { Path } from './path.ts';

/** One document while it is read: collects what is wrong with it, each with its place. */
export class Reading {
  readonly document: Document;
  readonly problems: Problem[] = [];
  readonly warnings: Warning[] = [];
  readonly #paths = new Map<object, Path>();

  constructor(document: Document) {
    this.document = document;
    for (const { path, message, reason, place } of document.mistakes ?? [])
      this.complain(path, message, { reason, place });
  }

  /** The manifest's name, where it has one that is a text. */
  get name(): string | undefined {
    return textField(this.document.value, 'name');
  }

  /** Keeps where a part of the manifest was written, for checks that come later. */
  written<T extends object>(part: T, path: Path): T {
    this.#paths.set(part, path);
    return part;
  }

  /** Where a part of the manifest was written; the document's top for what was not kept. */
  pathOf(part: object): Path {
    return this.#paths.get(part) ?? [];
  }

  complain(
    path: Path,
    message: string,
    options: { reason?: Reason; part?: 'key' | 'value'; place?: Source } = {},
  ): void {
    const reason = options.reason ?? 'schema';
    const where = path.length === 0 ? {} : { path: printPath(path) };
    const object = this.name === undefined ? {} : { object: this.name };
    const place = options.place ?? this.document.locate(path, options.part);
    this.problems.push({ layer: layerOf(reason), reason, message, ...place, ...where, ...object });
  }

  warn(code: WarningCode, path: Path, message: string): void {
    const object = this.name === undefined ? {} : { object: this.name };
    this.warnings.push({ code, message, ...this.document.locate(path, 'key'), ...object });
  }
}

export function textField(value: unknown, key: string): string | undefined {
  const field: unknown = (value as Record<string, unknown> | null)?.[key];
  return typeof field === 'string' ? field : undefined;
}
