// From a user name and a password to everything the server offers (RFC 6764, RFC 5397, RFC 6638).
import { Client, DavError } from './client';
import { CAL, DAV, document, element, OWN, property, propertyHref, propertyHrefs, propertyText } from './xml';

export interface Account {
  principal: string;
  home: string;
  inbox: string;
  outbox: string;
  /** Calendar user addresses: `mailto:…` and paths. */
  addresses: string[];
  name: string;
  administrator: boolean;
}

const WHO = document('D:propfind', element('D:prop', '<D:current-user-principal/>'));
const WHAT = document(
  'D:propfind',
  element(
    'D:prop',
    '<D:displayname/><C:calendar-home-set/><C:schedule-inbox-URL/><C:schedule-outbox-URL/><C:calendar-user-address-set/>',
    '<D:group-membership/><G:administrator/>',
  ),
);

export const discover = async (client: Client): Promise<Account> => {
  const principal = await findPrincipal(client);
  const answer = await client.multistatus('PROPFIND', principal, WHAT);
  const item = answer.responses[0];
  const home = item ? propertyHref(item, CAL, 'calendar-home-set') : '';
  if (!item || !home) throw new DavError('stranger', 207, '');
  return {
    principal,
    home: home.endsWith('/') ? home : `${home}/`,
    inbox: propertyHref(item, CAL, 'schedule-inbox-URL'),
    outbox: propertyHref(item, CAL, 'schedule-outbox-URL'),
    addresses: propertyHrefs(item, CAL, 'calendar-user-address-set'),
    name: propertyText(item, DAV, 'displayname') || principal.split('/').filter(Boolean).at(-1) || '',
    administrator: propertyText(item, OWN, 'administrator') === 'true' || property(item, OWN, 'administrator')?.textContent === '1',
  };
};

const findPrincipal = async (client: Client): Promise<string> => {
  for (const start of ['/', '/.well-known/caldav']) {
    try {
      const answer = await client.multistatus('PROPFIND', start, WHO);
      const found = answer.responses.map((one) => propertyHref(one, DAV, 'current-user-principal')).find(Boolean);
      if (found) return found;
    } catch (error) {
      // Only a server that keeps its root to itself deserves the second question.
      if (!(error instanceof DavError) || !['refused', 'missing', 'stranger'].includes(error.trouble) || start !== '/') throw error;
    }
  }
  throw new DavError('stranger', 207, '');
};
