import { useState } from 'react';
import { useApp } from './app.ts';
import { useCell } from './use-cell.ts';

/** Where the gateway asks for a token. */
export function TokenForm() {
  const { session } = useApp();
  const { refusal, token } = useCell(session.state);
  const [text, setText] = useState('');
  const value = text.trim();
  return (
    <main className="main main-token">
      <form
        className="card token-form"
        onSubmit={(event) => {
          event.preventDefault();
          // The same one again is a new try as well.
          if (value === token) session.logOut();
          if (value !== '') session.logIn(value);
        }}
      >
        <h1>This gateway asks for a token</h1>
        {refusal !== null && token !== null && (
          <p className="token-refusal" role="alert">
            {refusal}
          </p>
        )}
        <p className="dim">
          One with the scope registry:read shows everything; with registry:write you can also ask nodes and remove them.
        </p>
        <label className="field">
          <span>Token</span>
          <input className="input" type="password" autoComplete="off" value={text} onChange={(event) => setText(event.target.value)} />
        </label>
        <button type="submit" className="button button-main" disabled={value === ''}>
          Log in
        </button>
        <p className="dim small">It is kept in this tab alone, until you log out or close it.</p>
      </form>
    </main>
  );
}
