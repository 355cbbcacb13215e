// Lines at the foot of the page: what was done (with undo), what waits, what failed. Failures stay until read.
import { signal } from '@preact/signals';
import { DavError } from '../caldav/client';
import { t, type Key } from '../i18n';

export interface Notice {
  id: number;
  kind: 'done' | 'failed';
  text: string;
  action?: { label: string; run: () => void };
}

export const notices = signal<Notice[]>([]);
let last = 0;

export const dismiss = (id: number): void => {
  notices.value = notices.value.filter((one) => one.id !== id);
};

/** What was said to be done is in question. */
export const withdraw = (): void => {
  notices.value = notices.value.filter((one) => one.kind !== 'done');
};

export const notify = (kind: Notice['kind'], text: string, action?: Notice['action']): number => {
  const id = ++last;
  // What was said to be done is not left standing beside a failure.
  const others = notices.value.filter((one) => one.text !== text && one.kind !== 'done');
  notices.value = [...others, action ? { id, kind, text, action } : { id, kind, text }].slice(-4);
  if (kind === 'done') setTimeout(() => dismiss(id), 10_000);
  return id;
};

/** One sentence for any failure: the server's own where it gave one. */
export const sentence = (error: unknown): string => {
  if (!(error instanceof DavError)) return error instanceof Error ? error.message : String(error);
  if (error.trouble === 'attempts') return t('trouble.attempts', { n: error.retryAfter ?? 60 });
  const own = t(`trouble.${error.trouble}` as Key);
  return error.reason || (error.precondition ? `${own} (${error.precondition})` : own);
};

export const report = (error: unknown, what: Key, values: Record<string, string | number> = {}): void => {
  notify('failed', `${t(what, values)} ${sentence(error)}`);
};
