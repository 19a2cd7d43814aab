import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { covers, type FoundCertificate } from '../core/certificate.ts';
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

/** Milliseconds until it is asked again after a failure, doubled each time up to the second. */
const AGAIN = { first: 60_000, longest: 3 * 3_600_000 };

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
  private readonly failures = new Map<string, Failure>();
  private readonly coming = new Map<string, Promise<void>>();
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
    const failure = this.failures.get(request.name);
    const isFailing = failure !== undefined && failure.wish === wishOf(request) && !this.isFine(request, keyed);
    return {
      ...(keyed && { keyed, certificate: keyed.certificate }),
      ...(account !== undefined && { challenge: thumbprintOf(account) }),
      ...(this.coming.has(request.name) && { isComing: true as const }),
      ...(isFailing && { problem: failure.message }),
    };
  }

  /** As `look`; an account is made where there is none, and a certificate asked for where it is time and somebody answers. */
  async observe(request: Request, isAnswering: boolean): ReturnType<Issuer['look']> {
    const account = (await this.accountOf(request)) ?? (await this.makeAccount(request));
    const keyed = await this.read(request.name);
    const isDue = !this.isFine(request, keyed) && !this.coming.has(request.name) && this.mayTry(request);
    if (isDue && isAnswering) this.ask(request, account);
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

  private mayTry(request: Request): boolean {
    const failure = this.failures.get(request.name);
    return failure === undefined || failure.wish !== wishOf(request) || failure.retryAt <= this.options.now();
  }

  private ask(request: Request, accountKey: string): void {
    const { name, email, hostnames } = request;
    const { authority, wake } = this.options;
    const order = this.turn
      .then(() => issue({ authority, accountKey, email, hostnames }, this.closing.signal))
      .then((pem) => this.keep(name, pem))
      .catch((error: unknown) => this.fail(request, error));
    const ended = order.then(() => {
      this.coming.delete(name);
      if (!this.closing.signal.aborted) wake();
    });
    this.turn = ended;
    this.coming.set(name, ended);
  }

  private async keep(name: string, pem: string): Promise<void> {
    const keyed = readPem(pem);
    await this.options.write(fileOf(name), keyed.pem);
    this.known.set(name, keyed);
    this.failures.delete(name);
  }

  private fail(request: Request, error: unknown): void {
    const before = this.failures.get(request.name);
    const wish = wishOf(request);
    const attempts = before?.wish === wish ? before.attempts + 1 : 1;
    const pause = Math.min(AGAIN.first * 2 ** (attempts - 1), AGAIN.longest);
    const message = `${this.options.authority.directory} gives none: ${(error as Error).message}`;
    this.failures.set(request.name, { wish, attempts, message, retryAt: this.options.now() + pause });
  }

  private async read(name: string): Promise<KeyedCertificate | undefined> {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const text = await this.readFile(fileOf(name));
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
    const id = createHash('sha256').update(`${this.options.authority.directory} ${email}`).digest('hex').slice(0, 12);
    return `account-${id}.pem`;
  }

  private async readFile(name: string): Promise<string | undefined> {
    return await readFile(path.join(this.options.folder, name), 'utf8').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    });
  }
}

function fileOf(name: string): string {
  return `${name}.crt.pem`;
}

function wishOf({ email, hostnames }: Request): string {
  return JSON.stringify([email, hostnames]);
}
