// The choice of a time zone, searchable as the browser lets one search a list.
import { useId, useMemo, useState } from 'preact/hooks';
import { t } from '../i18n';
import { allZones, isKnown, offsetAt, printOffset, type Zone } from '../ical/zone';

export const ZoneField = ({ zone, onChange, label = t('field.zone') }: { zone: Zone; onChange: (zone: Zone) => void; label?: string }) => {
  const id = useId();
  const zones = useMemo(allZones, []);
  const [text, setText] = useState(zone ?? '');
  const accept = (value: string): void => {
    setText(value);
    if (value === '') onChange(null);
    else if (isKnown(value)) onChange(value);
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id} list={`${id}-list`} value={text} placeholder={t('zone.floating')} autocomplete="off"
        onInput={(event) => accept(event.currentTarget.value)}
        onBlur={() => setText(zone ?? '')}
      />
      <datalist id={`${id}-list`}>
        {zones.map((one) => <option key={one} value={one} />)}
      </datalist>
      {zone && isKnown(zone) && <p class="hint">{`GMT${printOffset(offsetAt(Date.now(), zone))}`}</p>}
    </div>
  );
};
