import type { RefObject } from 'react';
import { Icon } from './icon.tsx';

interface SearchBoxProps {
  readonly search: RefObject<HTMLInputElement | null>;
  readonly text: string;
  /** What it looks through, for who sees the box, and for who is read to. */
  readonly placeholder: string;
  readonly label: string;
  readonly onText: (text: string) => void;
}

/** Its view focuses it at `/`, which it shows. */
export function SearchBox({ search, text, placeholder, label, onText }: SearchBoxProps) {
  return (
    <label className="search">
      <Icon name="search" />
      <input
        ref={search}
        className="input"
        type="search"
        value={text}
        placeholder={placeholder}
        aria-label={label}
        aria-keyshortcuts="/"
        onChange={(event) => onText(event.target.value)}
      />
      <kbd>/</kbd>
    </label>
  );
}
