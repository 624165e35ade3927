import { Icon } from './icon.tsx';

interface ChipProps {
  readonly label: string;
  readonly value: string;
  readonly remove: () => void;
}

/** A condition that holds, and can be taken away. */
export function Chip({ label, value, remove }: ChipProps) {
  return (
    <li className="chip">
      <span className="chip-label">{label}</span>
      <span className="chip-value">{value}</span>
      <button type="button" className="chip-remove" onClick={remove} aria-label={`Remove the condition ${label} ${value}`}>
        <Icon name="close" />
      </button>
    </li>
  );
}
