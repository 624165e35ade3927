import { useEffect, useState } from 'react';
import { Icon } from './icon.tsx';

interface CopyButtonProps {
  readonly text: string;
  /** What is copied, for who does not see the button. Example: `the address of mailer-001`. */
  readonly what: string;
}

type Outcome = 'none' | 'copied' | 'failed';

/** Takes the text into the clipboard, and says whether that worked. */
export function CopyButton({ text, what }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<Outcome>('none');
  useEffect(() => {
    if (outcome === 'none') return;
    const timer = setTimeout(() => setOutcome('none'), 1500);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = () => {
    copyText(text).then(
      () => setOutcome('copied'),
      () => setOutcome('failed'),
    );
  };
  return (
    <button type="button" className="button-quiet copy" onClick={copy} aria-label={`Copy ${what}`} title={`Copy ${what}`}>
      <Icon name={outcome === 'copied' ? 'check' : outcome === 'failed' ? 'close' : 'copy'} />
      <span className="hidden" role="status">
        {outcome === 'copied' ? 'Copied' : outcome === 'failed' ? 'Could not copy' : ''}
      </span>
    </button>
  );
}

/** Browsers have a clipboard for pages over HTTPS and of this machine alone. */
async function copyText(text: string): Promise<void> {
  if (!window.isSecureContext) throw new Error('The browser lets only secure pages copy.');
  await navigator.clipboard.writeText(text);
}
