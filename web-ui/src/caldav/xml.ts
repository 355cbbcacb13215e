// The XML of WebDAV: requests are strings with everything escaped, answers are read by the browser's parser.

export const DAV = 'DAV:';
export const CAL = 'urn:ietf:params:xml:ns:caldav';
export const CS = 'http://calendarserver.org/ns/';
export const APPLE = 'http://apple.com/ns/ical/';
export const OWN = 'urn:gitstead:caldav';

const PREFIXES = `xmlns:D="${DAV}" xmlns:C="${CAL}" xmlns:CS="${CS}" xmlns:A="${APPLE}" xmlns:G="${OWN}"`;

// Characters that XML 1.0 cannot carry are left out: a server would refuse the whole request.
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g;
const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export const escape = (text: string): string => text.replace(FORBIDDEN, '').replace(/[&<>"]/g, (one) => ESCAPES[one]!);

/** `<D:prop>…` with `name` as `D:prop`; children are XML already. */
export const element = (name: string, ...children: string[]): string => `<${name}>${children.join('')}</${name}>`;

export const leaf = (name: string, text: string): string => `<${name}>${escape(text)}</${name}>`;

export const document = (name: string, ...children: string[]): string =>
  `<?xml version="1.0" encoding="utf-8"?>\n<${name} ${PREFIXES}>${children.join('')}</${name}>`;

export interface ResponseItem {
  href: string;
  /** Status of the response as a whole; 200 when only its properties have one. */
  status: number;
  /** Properties that were found, by `{namespace}name`. */
  properties: Map<string, Element>;
  /** Statuses of the properties that were not found, or not set. */
  failures: number[];
  /** What the server says about it, for people (RFC 4918 section 14.25). */
  description: string;
}

export interface Multistatus {
  responses: ResponseItem[];
  syncToken: string;
  /** The server had more to say than it wanted to (RFC 6578 section 3.6). */
  truncated: boolean;
}

export class NotXml extends Error {}

export const parse = (text: string): Element => {
  const parsed = new DOMParser().parseFromString(text, 'application/xml');
  const root = parsed.documentElement;
  if (!root || root.localName === 'parsererror' || parsed.getElementsByTagName('parsererror').length > 0) throw new NotXml('the answer is not XML');
  return root;
};

export const children = (parent: Element, namespace?: string, name?: string): Element[] =>
  [...parent.children].filter((one) => (!namespace || one.namespaceURI === namespace) && (!name || one.localName === name));

export const child = (parent: Element | undefined | null, namespace: string, name: string): Element | null =>
  parent ? children(parent, namespace, name)[0] ?? null : null;

export const textOf = (one: Element | null | undefined): string => one?.textContent?.trim() ?? '';

const statusOf = (one: Element | null): number => Number(/\s(\d{3})/.exec(textOf(one))?.[1] ?? 0);

/** The path of a href, decoded no further than the server wrote it. */
export const pathOf = (href: string): string => {
  const trimmed = href.trim();
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed)) return trimmed;
  const url = new URL(trimmed);
  return url.pathname + url.search;
};

export const parseMultistatus = (text: string): Multistatus => {
  const root = parse(text);
  if (root.namespaceURI !== DAV || root.localName !== 'multistatus') throw new NotXml('the answer is not a multistatus');
  const result: Multistatus = { responses: [], syncToken: textOf(child(root, DAV, 'sync-token')), truncated: false };
  for (const response of children(root, DAV, 'response')) {
    const properties = new Map<string, Element>();
    const failures: number[] = [];
    for (const propstat of children(response, DAV, 'propstat')) {
      const status = statusOf(child(propstat, DAV, 'status'));
      if (status !== 200) {
        failures.push(status);
        continue;
      }
      const prop = child(propstat, DAV, 'prop');
      for (const one of prop ? children(prop) : []) properties.set(`{${one.namespaceURI ?? ''}}${one.localName}`, one);
    }
    const status = statusOf(child(response, DAV, 'status')) || 200;
    if (status === 507) {
      result.truncated = true;
      continue;
    }
    for (const href of children(response, DAV, 'href')) result.responses.push({ href: pathOf(textOf(href)), status, properties, failures, description: descriptionOf(response) });
  }
  return result;
};

const descriptionOf = (response: Element): string =>
  [response, ...children(response, DAV, 'propstat')].map((one) => textOf(child(one, DAV, 'responsedescription'))).find(Boolean) ?? '';

export const property = (item: ResponseItem, namespace: string, name: string): Element | null => item.properties.get(`{${namespace}}${name}`) ?? null;

export const propertyText = (item: ResponseItem, namespace: string, name: string): string => textOf(property(item, namespace, name));

/** The href inside a property such as current-user-principal. */
export const propertyHref = (item: ResponseItem, namespace: string, name: string): string => {
  const found = child(property(item, namespace, name), DAV, 'href');
  return found ? pathOf(textOf(found)) : '';
};

export const propertyHrefs = (item: ResponseItem, namespace: string, name: string): string[] => {
  const found = property(item, namespace, name);
  return found ? children(found, DAV, 'href').map((one) => textOf(one)) : [];
};
