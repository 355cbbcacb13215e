// Requests to the server, and what can go wrong with one, told apart by who can do something about it.
import { child, children, DAV, NotXml, OWN, parse, parseMultistatus, textOf, type Multistatus } from './xml';

export type Trouble =
  | 'password' // 401
  | 'attempts' // 429
  | 'offline' // no answer at all
  | 'busy' // 503 and other 5xx: try again later
  | 'stranger' // an answer that is not the server's: a proxy's login page
  | 'changed' // 412
  | 'missing' // 404, 410
  | 'refused' // 403, 409, 4xx
  | 'large'; // 413, 507

export class DavError extends Error {
  constructor(
    readonly trouble: Trouble,
    readonly status: number,
    /** A sentence from the server, when it gave one. */
    readonly reason: string,
    /** The name of the precondition that failed (RFC 4918 section 16). */
    readonly precondition = '',
    /** Seconds after which to try again. */
    readonly retryAfter: number | null = null,
  ) {
    super(reason || precondition || `${trouble} (${status})`);
  }
}

export interface Credentials {
  user: string;
  password: string;
}

export interface Options {
  body?: string;
  type?: string;
  depth?: 0 | 1;
  headers?: Record<string, string>;
  /** Statuses that are an answer and not an error. */
  accept?: number[];
}

const TIMEOUT = 30_000;

/** RFC 7617 with UTF-8. */
export const basic = ({ user, password }: Credentials): string => {
  const octets = new TextEncoder().encode(`${user}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...octets))}`;
};

export class Client {
  constructor(private readonly credentials: Credentials) {}

  async request(method: string, href: string, options: Options = {}): Promise<Response> {
    const headers: Record<string, string> = { Authorization: basic(this.credentials), ...options.headers };
    if (options.body !== undefined) headers['Content-Type'] = options.type ?? 'application/xml; charset=utf-8';
    if (options.depth !== undefined) headers.Depth = String(options.depth);
    let response: Response;
    try {
      response = await fetch(href, {
        method, headers, body: options.body ?? null, credentials: 'omit', cache: 'no-store', redirect: 'follow', signal: AbortSignal.timeout(TIMEOUT),
      });
    } catch {
      throw new DavError('offline', 0, '');
    }
    // A redirect to another host never gets here: the policy of the page forbids it, and fetch reports no answer.
    if (response.ok || options.accept?.includes(response.status)) return response;
    throw await failure(response);
  }

  async multistatus(method: string, href: string, body: string, depth: 0 | 1 = 0): Promise<Multistatus> {
    const response = await this.request(method, href, { body, depth });
    const text = await bodyOf(response);
    if (response.status !== 207) throw new DavError('stranger', response.status, '');
    return readOr(() => parseMultistatus(text), response.status);
  }
}

/** The body as text; one that breaks off is no answer, whatever its head said. */
export const bodyOf = async (response: Response): Promise<string> => {
  try {
    return await response.text();
  } catch {
    throw new DavError('offline', 0, '');
  }
};

const readOr = <T>(read: () => T, status: number): T => {
  try {
    return read();
  } catch (error) {
    if (error instanceof NotXml) throw new DavError('stranger', status, '');
    throw error;
  }
};

const failure = async (response: Response): Promise<DavError> => {
  const { status } = response;
  const { precondition, reason } = explain(await response.text().catch(() => ''), response.headers.get('Content-Type') ?? '');
  const wait = Number(response.headers.get('Retry-After') ?? Number.NaN);
  const retryAfter = Number.isFinite(wait) ? wait : null;
  return new DavError(troubleOf(status), status, reason, precondition, retryAfter);
};

/** What a multistatus says went wrong; 424 only says that something else did. */
export const failureIn = ({ responses }: Multistatus): DavError | null => {
  const all = responses.flatMap((one) => [one.status, ...one.failures].filter((status) => status >= 300).map((status) => ({ status, reason: one.description })));
  const worst = all.find((one) => one.status !== 424) ?? all[0];
  return worst ? new DavError(troubleOf(worst.status), worst.status, worst.reason) : null;
};

const troubleOf = (status: number): Trouble => {
  if (status === 401) return 'password';
  if (status === 429) return 'attempts';
  if (status === 412) return 'changed';
  if (status === 404 || status === 410) return 'missing';
  if (status === 413 || status === 507) return 'large';
  return status >= 500 ? 'busy' : 'refused';
};

/** DAV:error with its precondition, and the server's own sentence. */
export const explain = (text: string, type: string): { precondition: string; reason: string } => {
  if (type.startsWith('text/plain')) return { precondition: '', reason: text.trim().slice(0, 300) };
  try {
    const root = parse(text);
    if (root.namespaceURI !== DAV || root.localName !== 'error') return { precondition: '', reason: '' };
    const precondition = children(root).find((one) => one.namespaceURI !== OWN)?.localName ?? '';
    return { precondition, reason: textOf(child(root, OWN, 'reason')) };
  } catch {
    return { precondition: '', reason: '' };
  }
};
