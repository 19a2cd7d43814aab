import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { covers, type FoundCertificate } from '../core/certificate.ts';
import type { Route } from '../core/routing.ts';
import { issue, newKey, thumbprintOf, type Authority } from './acme.ts';
import { readPem, type KeyedCertificate } from './pem.ts';

export interface IssuerOptions {
  readonly authority: Authority;
  /** Folder of accounts and certificates. */
  readonly folder: string;
  /** Writes a file of the folder as a whole, for nobody else to read. */
  readonly write: (name: string, text: string) => Promise<void>;
  /** Milliseconds since the epoch, by the machine's clock. */
  readonly now: () => number;
  /** Something has come to its end. */
  readonly wake: () => void;
}

/** A certificate that a load balancer is to have from the authority. */
export interface Request {
  readonly name: string;
  readonly email: string;
  readonly hostnames: readonly string[];
}

/** What the balancer answers an authority now. */
export type Answered = Pick<Route, 'hostnames' | 'challenge'>;

/** Milliseconds until it is asked again after a failure, doubled each time up to the second. */
const AGAIN = { first: 60_000, longest: 3 * 3_600_000 };
/** The last failure of each load balancer, so that the next process does not ask too soon. */
const FAILURES = 'failures.json';

interface Failure {
  readonly wish: string;
  readonly attempts: number;
  readonly message: string;
  readonly retryAt: number;
}

/** Certificates of the authority, kept beside the account that they were given to, and renewed in time. */
export class Issuer {
  private readonly options: IssuerOptions;
  /** By load balancer, as they are in the folder. */
  private readonly known = new Map<string, KeyedCertificate>();
  private readonly accounts = new Map<string, string>();
  private failures: Map<string, Failure> | undefined;
  private readonly coming = new Set<string>();
  private readonly closing = new AbortController();
  /** One order at a time: authorities count them. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(options: IssuerOptions) {
    this.options = options;
  }

  /** What there is for a load balancer; nothing is asked for. */
  async look(request: Request): Promise<FoundCertificate & { readonly keyed?: KeyedCertificate }> {
    const account = await this.accountOf(request);
    const keyed = await this.read(request.name);
    const failure = (await this.failed()).get(request.name);
    return {
      ...(keyed && { keyed, certificate: keyed.certificate }),
      ...(account !== undefined && { challenge: thumbprintOf(account) }),
      ...(this.coming.has(request.name) && { isComing: true as const }),
      ...(failure?.wish === this.wishOf(request) && { problem: failure.message }),
    };
  }

  /** As `look`; an account is made where there is none, and a certificate asked for where it is time and all is answered. */
  async observe(request: Request, answered: Answered | undefined): ReturnType<Issuer['look']> {
    const account = (await this.accountOf(request)) ?? (await this.makeAccount(request));
    const keyed = await this.read(request.name);
    const isAnswered =
      answered?.challenge === thumbprintOf(account) &&
      request.hostnames.every((hostname) => answered.hostnames.includes(hostname));
    const isWanted = !this.isFine(request, keyed) && !this.coming.has(request.name);
    if (isWanted && isAnswered && (await this.mayTry(request))) this.ask(request, account);
    return await this.look(request);
  }

  close(): void {
    this.closing.abort();
  }

  /** It is for all host names, and two thirds of its time are not over. */
  private isFine({ hostnames }: Request, keyed: KeyedCertificate | undefined): boolean {
    if (keyed === undefined) return false;
    const { notBefore, notAfter } = keyed.certificate;
    const isForAll = hostnames.every((hostname) => covers(keyed.certificate, hostname));
    return isForAll && this.options.now() < notBefore + ((notAfter - notBefore) * 2) / 3;
  }

  private async mayTry(request: Request): Promise<boolean> {
    const failure = (await this.failed()).get(request.name);
    return failure?.wish !== this.wishOf(request) || failure.retryAt <= this.options.now();
  }

  private ask(request: Request, accountKey: string): void {
    const { authority, wake } = this.options;
    this.coming.add(request.name);
    const order = () => issue({ authority, accountKey, ...request }, this.closing.signal);
    this.turn = this.turn
      .then(order)
      .then((pem) => this.keep(request, readPem(pem)))
      .catch((error: unknown) => this.fail(request, `${authority.directory} gives none: ${(error as Error).message}`))
      .then(() => {
        this.coming.delete(request.name);
        if (!this.closing.signal.aborted) wake();
      });
  }

  /** One that cannot be written is served all the same: the authority counts what it gives. */
  private async keep(request: Request, keyed: KeyedCertificate): Promise<void> {
    this.known.set(request.name, keyed);
    try {
      await this.options.write(this.fileOf(request.name), keyed.pem);
      await this.note(request.name, undefined);
    } catch (error) {
      await this.fail(request, `the new one cannot be kept: ${(error as Error).message}`);
    }
  }

  private async fail(request: Request, message: string): Promise<void> {
    if (this.closing.signal.aborted) return;
    const before = (await this.failed()).get(request.name);
    const wish = this.wishOf(request);
    const attempts = before?.wish === wish ? before.attempts + 1 : 1;
    const pause = Math.min(AGAIN.first * 2 ** (attempts - 1), AGAIN.longest);
    await this.note(request.name, { wish, attempts, message, retryAt: this.options.now() + pause });
  }

  private async failed(): Promise<Map<string, Failure>> {
    if (this.failures !== undefined) return this.failures;
    const text = await this.readFile(FAILURES);
    this.failures ??= new Map(Object.entries(parsed(text)));
    return this.failures;
  }

  private async note(name: string, failure: Failure | undefined): Promise<void> {
    const failures = await this.failed();
    if (failure === undefined && !failures.delete(name)) return;
    if (failure !== undefined) failures.set(name, failure);
    const text = JSON.stringify(Object.fromEntries(failures));
    // For the next process only: on a full disk this one knows it all the same.
    await this.options.write(FAILURES, text).catch(() => undefined);
  }

  private async read(name: string): Promise<KeyedCertificate | undefined> {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const text = await this.readFile(this.fileOf(name));
    if (text === undefined) return undefined;
    try {
      const keyed = readPem(text);
      this.known.set(name, keyed);
      return keyed;
    } catch {
      // Cut off by a full disk: there is another one to be had.
      return undefined;
    }
  }

  private async accountOf({ email }: Request): Promise<string | undefined> {
    const file = this.accountFile(email);
    const key = this.accounts.get(file) ?? (await this.readFile(file));
    if (key !== undefined) this.accounts.set(file, key);
    return key;
  }

  private async makeAccount({ email }: Request): Promise<string> {
    const file = this.accountFile(email);
    const key = newKey();
    await this.options.write(file, key);
    this.accounts.set(file, key);
    return key;
  }

  /** Another authority, or another owner, is another account. */
  private accountFile(email: string): string {
    return `account-${this.digest(email)}.pem`;
  }

  private fileOf(name: string): string {
    return `${name}.${this.digest()}.pem`;
  }

  private wishOf({ email, hostnames }: Request): string {
    return this.digest(email, ...hostnames);
  }

  private digest(...words: readonly string[]): string {
    const all = JSON.stringify([this.options.authority.directory, ...words]);
    return createHash('sha256').update(all).digest('hex').slice(0, 12);
  }

  private async readFile(name: string): Promise<string | undefined> {
    return await readFile(path.join(this.options.folder, name), 'utf8').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    });
  }
}

function parsed(text = '{}'): Record<string, Failure> {
  try {
    return JSON.parse(text) as Record<string, Failure>;
  } catch {
    // Cut off: it is as if nothing had failed.
    return {};
  }
}
