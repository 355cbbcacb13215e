// The calendars at the side: shown or hidden by a tick, and a menu for the rest.
import type { Collection } from '../caldav/collections';
import { exportCalendar, removeCollection } from '../caldav/collections';
import { nameOfPrincipal } from '../caldav/access';
import { t } from '../i18n';
import { Icon } from '../parts/icon';
import { Menu, type MenuItem } from '../parts/menu';
import { calendars, discard, isMine, refreshList, toggle } from '../store/calendars';
import { notify, report } from '../store/notices';
import { panel } from '../store/panels';
import { client } from '../store/session';
import { settings } from '../store/settings';
import { download } from '../editor/details';

export const CalendarList = () => {
  const own = calendars.value.filter((one) => !one.subscribed && isMine(one));
  const shared = calendars.value.filter((one) => !one.subscribed && !isMine(one));
  const subscribed = calendars.value.filter((one) => one.subscribed);
  return (
    <div class="calendar-list">
      <Group title={t('calendars.mine')} list={own} add />
      {shared.length > 0 && <Group title={t('calendars.shared')} list={shared} />}
      {subscribed.length > 0 && <Group title={t('calendars.subscribed')} list={subscribed} />}
    </div>
  );
};

const Group = ({ title, list, add }: { title: string; list: Collection[]; add?: boolean }) => (
  <section>
    <header>
      <h2>{title}</h2>
      {add && (
        <Menu
          label={t('calendars.add')}
          items={[
            { label: t('calendar.new'), icon: 'plus', run: () => (panel.value = { kind: 'calendar', calendar: null, mode: 'own' }) },
            { label: t('calendar.subscribe'), icon: 'link', run: () => (panel.value = { kind: 'calendar', calendar: null, mode: 'subscribe' }) },
            { label: t('import'), icon: 'upload', run: () => (panel.value = { kind: 'import', calendar: '' }) },
          ]}
        >
          <Icon name="plus" />
        </Menu>
      )}
    </header>
    {list.length === 0 && <p class="nothing">{t('calendars.none')}</p>}
    <ul>{list.map((one) => <Row key={one.href} one={one} />)}</ul>
  </section>
);

const Row = ({ one }: { one: Collection }) => {
  const foreign = !isMine(one);
  return (
    <li class="calendar-row" style={{ '--color': one.color } as Record<string, string>}>
      <label title={one.description || undefined}>
        <input type="checkbox" checked={!settings.value.hidden.includes(one.href)} onChange={() => toggle(one.href)} />
        <span class="name">
          {one.name}
          {foreign && <small>{nameOfPrincipal(one.owner)}{!one.writable && ` · ${t('calendar.readOnly')}`}</small>}
        </span>
      </label>
      {one.published && <span class="flag" title={t('share.hasLink')}><Icon name="link" size={14} /></span>}
      <Menu label={t('calendar.menu', { name: one.name })} items={actions(one)}><Icon name="more" size={18} /></Menu>
    </li>
  );
};

const actions = (one: Collection): (MenuItem | null)[] => {
  const mine = isMine(one);
  return [
    one.sharable || one.subscribed ? { label: t('calendar.edit'), icon: 'edit', run: () => (panel.value = { kind: 'calendar', calendar: one, mode: one.subscribed ? 'subscribe' : 'own' }) } : null,
    one.sharable && !one.subscribed ? { label: t('share'), icon: 'share', run: () => (panel.value = { kind: 'share', calendar: one }) } : null,
    one.writable ? { label: t('import'), icon: 'upload', run: () => (panel.value = { kind: 'import', calendar: one.href }) } : null,
    { label: t('export'), icon: 'download', run: () => void save(one) },
    mine ? { label: t('changes'), icon: 'history', run: () => (panel.value = { kind: 'changes', calendar: one }) } : null,
    mine
      ? {
          label: t('calendar.delete'), icon: 'trash', danger: true,
          run: () => (panel.value = { kind: 'confirm', title: t('calendar.delete.title', { name: one.name }), text: t(one.subscribed ? 'calendar.delete.subscribed' : 'calendar.delete.text'), yes: t('delete'), run: () => void erase(one) }),
        }
      : null,
  ];
};

const save = async (one: Collection): Promise<void> => {
  try {
    download(`${one.name}.ics`, await exportCalendar(client(), one.href));
  } catch (error) {
    report(error, 'notice.export');
  }
};

const erase = async (one: Collection): Promise<void> => {
  try {
    await removeCollection(client(), one.href);
    discard(one.href);
    await refreshList();
    notify('done', t('done.calendarDeleted', { name: one.name }));
  } catch (error) {
    report(error, 'notice.calendar', { name: one.name });
  }
};
