import type { ReactNode } from 'react';
import type { Fault } from '../gateway/fault.ts';

interface NoticeProps {
  readonly title: string;
  readonly children?: ReactNode;
}

/** What stands where nothing else does: why, and what to do. */
export function Notice({ title, children }: NoticeProps) {
  return (
    <div className="notice">
      <p className="notice-title">{title}</p>
      {children !== undefined && <div className="notice-text">{children}</div>}
    </div>
  );
}

const ADVICE: ReadonlyMap<string, string> = new Map([
  ['UNREACHABLE', 'Is the gateway running? The page tries again by itself.'],
  ['BACKEND_UNAVAILABLE', 'It is read from Postgres, which does not answer now. The page tries again by itself.'],
  ['FORBIDDEN', 'The token does not allow this. Log out and use another one.'],
  ['LIMIT_EXCEEDED', 'A limit of the gateway was met. Wait a moment, then try again.'],
  ['PERSISTED_QUERY_NOT_FOUND', 'This gateway answers registered documents only, and those of the page are not among them.'],
  ['NOT_UNDERSTOOD', 'The gateway is of another version than this page. Reload the page.'],
]);

/** Something could not be had. */
export function FaultNotice({ fault, what, again }: { readonly fault: Fault; readonly what: string; readonly again?: () => void }) {
  return (
    <div className="notice notice-bad" role="alert">
      <p className="notice-title">{what} could not be loaded</p>
      <div className="notice-text">
        <p>
          {fault.message} <span className="code">{fault.code}</span>
        </p>
        <p>{ADVICE.get(fault.code) ?? 'Try again; the log of the gateway says more.'}</p>
      </div>
      {again !== undefined && (
        <button type="button" className="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Grey bars where text will be. */
export function Skeleton({ lines }: { readonly lines: number }) {
  return (
    <div className="skeleton" role="status">
      <span className="hidden">Loading</span>
      {Array.from({ length: lines }, (_, index) => `line ${index}`).map((key) => (
        <span key={key} className="skeleton-line" />
      ))}
    </div>
  );
}
