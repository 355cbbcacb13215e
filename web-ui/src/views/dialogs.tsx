// Settings of the page, the list of keys, and going to a day.
import { useState } from 'preact/hooks';
import { LANGUAGE_NAMES, t, weekdayName, type Key } from '../i18n';
import { Dialog } from '../parts/dialog';
import { CheckField, DayField, SelectField } from '../parts/field';
import { ZoneField } from '../editor/zone';
import { zoneHere } from '../ical/zone';
import { day, go, view } from '../store/navigation';
import { closePanel } from '../store/panels';
import { change, settings, type Settings } from '../store/settings';

export const SettingsDialog = () => (
  <Dialog title={t('settings')} onClose={closePanel} size="small">
    <SelectField label={t('settings.language')} value={settings.value.language} onChange={(value) => change({ language: value as Settings['language'] })}>
      <option value="">{t('settings.automatic')}</option>
      {Object.entries(LANGUAGE_NAMES).map(([code, name]) => <option key={code} value={code}>{name}</option>)}
    </SelectField>
    <ZoneField label={t('settings.zone')} zone={settings.value.zone || zoneHere()} onChange={(zone) => change({ zone: zone === zoneHere() ? '' : zone ?? '' })} />
    <SelectField label={t('settings.firstDay')} value={String(settings.value.firstDay)} onChange={(value) => change({ firstDay: Number(value) })}>
      <option value="-1">{t('settings.automatic')}</option>
      {[1, 6, 0].map((one) => <option key={one} value={one}>{weekdayName(one)}</option>)}
    </SelectField>
    <CheckField label={t('settings.weekends')} checked={settings.value.weekends} onChange={(weekends) => change({ weekends })} />
    <CheckField label={t('settings.letters')} checked={settings.value.letters} onChange={(letters) => change({ letters })} />
    <p class="hint">{t('settings.hint')}</p>
  </Dialog>
);

export const KEYS: [string, Key][] = [
  ['t', 'key.today'], ['n', 'key.new'], ['q', 'key.quick'], ['g', 'key.goto'], ['← →', 'key.turn'], ['↑ ↓ ← →', 'key.move'], ['Enter', 'key.enter'],
  ['m w d a y k', 'key.views'], ['Alt + ↑ ↓ ← →', 'key.shift'], ['Alt + Shift + ↑ ↓', 'key.stretch'], ['e', 'key.edit'], ['Delete', 'key.delete'],
  ['u · Ctrl + Z', 'key.undo'], ['r', 'key.refresh'], ['?', 'key.help'], ['Esc', 'key.close'],
];

export const HelpDialog = () => (
  <Dialog title={t('help')} onClose={closePanel} size="medium" className="help">
    <dl class="keys">
      {KEYS.map(([keys, text]) => (
        <div key={keys}>
          <dt>{keys.split(' ').map((one, index) => (/^[+·]$/.test(one) ? <span key={index}>{one}</span> : <kbd key={index}>{one}</kbd>))}</dt>
          <dd>{t(text)}</dd>
        </div>
      ))}
    </dl>
    {!settings.value.letters && <p class="hint">{t('help.lettersOff')}</p>}
    <p class="hint">{t('help.quick')}</p>
  </Dialog>
);

export const GotoDialog = () => {
  const [at, setAt] = useState(day.value);
  return (
    <Dialog title={t('key.goto')} onClose={closePanel} size="small" actions={<><span class="spring" /><button type="submit" form="goto" class="button primary">{t('go')}</button></>}>
      <form id="goto" onSubmit={(event) => { event.preventDefault(); closePanel(); go(view.value, at); }}>
        <DayField label={t('field.date')} day={at} onChange={setAt} />
      </form>
    </Dialog>
  );
};
