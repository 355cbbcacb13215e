// Labelled inputs of the forms.
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { parseDay, parseTime, printDay, printTime, type Day } from '../ical/wall';

interface TextProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  type?: 'text' | 'password' | 'url';
  placeholder?: string;
  rows?: number;
  required?: boolean;
  autofocus?: boolean;
  autocomplete?: string;
  hideLabel?: boolean;
  hint?: string;
}

export const TextField = ({ label, value, onChange, type = 'text', rows, hideLabel, autofocus, hint, ...rest }: TextProps) => {
  const id = useId();
  const shared = {
    id, value, placeholder: rest.placeholder, required: rest.required, 'data-autofocus': autofocus || undefined,
    'aria-describedby': hint ? `${id}-hint` : undefined,
    onInput: (event: Event) => onChange((event.currentTarget as HTMLInputElement).value),
  };
  return (
    <div class="field">
      <label for={id} class={hideLabel ? 'visually-hidden' : ''}>{label}</label>
      {rows ? <textarea {...shared} rows={rows} /> : <input {...shared} type={type as 'text'} autocomplete={rest.autocomplete ?? 'off'} />}
      {hint && <p class="hint" id={`${id}-hint`}>{hint}</p>}
    </div>
  );
};

export const SelectField = ({ label, value, onChange, children, hideLabel }: { label: string; value: string; onChange: (value: string) => void; children: ComponentChildren; hideLabel?: boolean }) => {
  const id = useId();
  return (
    <div class="field">
      <label for={id} class={hideLabel ? 'visually-hidden' : ''}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>{children}</select>
    </div>
  );
};

export const CheckField = ({ label, checked, onChange }: { label: string; checked: boolean; onChange: (checked: boolean) => void }) => (
  <label class="check">
    <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} />
    <span>{label}</span>
  </label>
);

export const DayField = ({ label, day, onChange, hideLabel, min }: { label: string; day: Day; onChange: (day: Day) => void; hideLabel?: boolean; min?: Day }) => {
  const id = useId();
  return (
    <div class="field">
      <label for={id} class={hideLabel ? 'visually-hidden' : ''}>{label}</label>
      <input
        id={id} type="date" value={printDay(day)} min={min === undefined ? undefined : printDay(min)} required
        onChange={(event) => {
          const chosen = parseDay(event.currentTarget.value);
          if (chosen !== null) onChange(chosen);
        }}
      />
    </div>
  );
};

/** `time` is milliseconds since midnight. */
export const TimeField = ({ label, time, onChange, hideLabel }: { label: string; time: number; onChange: (time: number) => void; hideLabel?: boolean }) => {
  const id = useId();
  return (
    <div class="field">
      <label for={id} class={hideLabel ? 'visually-hidden' : ''}>{label}</label>
      <input
        id={id} type="time" value={printTime(time)} required
        onChange={(event) => {
          const chosen = parseTime(event.currentTarget.value);
          if (chosen !== null) onChange(chosen);
        }}
      />
    </div>
  );
};
