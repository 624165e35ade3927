import { useEffect, useId, useRef, useState } from 'react';
import { Icon } from './icon.tsx';

export interface Choice {
  readonly value: string;
  readonly label: string;
  /** How many there are; null where nobody knows. */
  readonly count: number | null;
}

interface ChoiceMenuProps {
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly chosen: readonly string[];
  readonly toggle: (value: string) => void;
}

/** So many choices have a box to search in. */
const MANY = 10;
/** And no more than so many are listed at once. */
const MOST = 200;

/** A button that opens a list of boxes to tick. */
export function ChoiceMenu({ label, choices, chosen, toggle }: ChoiceMenuProps) {
  const [isOpen, setOpen] = useState(false);
  const [text, setText] = useState('');
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();

  useEffect(() => {
    if (!isOpen) return;
    const onPointer = (event: PointerEvent) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      setOpen(false);
      button.current?.focus();
    };
    document.addEventListener('pointerdown', onPointer);
    document.addEventListener('keydown', onKey, true);
    return () => {
      document.removeEventListener('pointerdown', onPointer);
      document.removeEventListener('keydown', onKey, true);
    };
  }, [isOpen]);

  const fitting = choices.filter(({ label: name }) => name.toLowerCase().includes(text.toLowerCase()));
  return (
    <div className="menu" ref={root}>
      <button
        type="button"
        ref={button}
        className={chosen.length > 0 ? 'button menu-button is-set' : 'button menu-button'}
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => setOpen(!isOpen)}
      >
        {label}
        {chosen.length > 0 && <span className="menu-count">{chosen.length}</span>}
        <Icon name="down" />
      </button>
      {isOpen && (
        <fieldset className="menu-panel" id={id} aria-label={label}>
          {choices.length > MANY && (
            <input
              className="input"
              type="search"
              value={text}
              placeholder={`Find in ${choices.length}`}
              aria-label={`Find in ${label}`}
              onChange={(event) => setText(event.target.value)}
            />
          )}
          <ul className="menu-list">
            {fitting.slice(0, MOST).map((choice) => (
              <li key={choice.value}>
                <label className="menu-item">
                  <input type="checkbox" checked={chosen.includes(choice.value)} onChange={() => toggle(choice.value)} />
                  <span className="menu-name">{choice.label}</span>
                  {choice.count !== null && <span className="menu-number">{choice.count}</span>}
                </label>
              </li>
            ))}
          </ul>
          {fitting.length === 0 && <p className="dim menu-none">None of that name</p>}
          {fitting.length > MOST && <p className="dim menu-none">{fitting.length - MOST} more: type a part of the name</p>}
        </fieldset>
      )}
    </div>
  );
}
