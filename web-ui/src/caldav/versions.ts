// Older versions of events: the version-tree report of RFC 3253, as the server answers it from its git history.
import { bodyOf, Client } from './client';
import { DAV, document, element, OWN, propertyText } from './xml';

export interface Version {
  /** Where the octets of this version are. */
  href: string;
  commit: string;
  who: string;
  when: number;
  comment: string;
  etag: string;
  change: 'added' | 'changed' | 'removed' | '';
}

const TREE = document(
  'D:version-tree',
  element('D:prop', '<D:version-name/><D:creator-displayname/><D:getlastmodified/><D:comment/><D:getetag/><G:change/>'),
);

/** Newest first. On a calendar with depth 1: the latest changes of all its events. */
export const versions = async (client: Client, href: string, depth: 0 | 1): Promise<Version[]> => {
  const answer = await client.multistatus('REPORT', href, TREE, depth);
  return answer.responses
    .filter((item) => item.properties.size > 0)
    .map((item) => ({
      href: item.href,
      commit: propertyText(item, DAV, 'version-name'),
      who: propertyText(item, DAV, 'creator-displayname'),
      when: Date.parse(propertyText(item, DAV, 'getlastmodified')),
      comment: propertyText(item, DAV, 'comment'),
      etag: propertyText(item, DAV, 'getetag'),
      change: propertyText(item, OWN, 'change') as Version['change'],
    }));
};

export const readVersion = async (client: Client, href: string): Promise<string> => bodyOf(await client.request('GET', href));

/** The resource a version is of. */
export const resourceOf = (version: Version): string => version.href.replace(/\?.*$/, '');
