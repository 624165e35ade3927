import type { Asker } from './asker.ts';
import type { Types } from './types.ts';

/** Who the gateway takes the asker for. The value behind it is the asker itself. */
export function defineViewer({ builder }: Types) {
  return builder.objectRef<Asker>('Viewer').implement({
    description:
      'Who the gateway takes you for, and what you may do: so that a page shows the buttons that will work. Example: `{name: "ops", authenticated: true, mayRead: true, mayWrite: true}`.',
    fields: (t) => ({
      name: t.exposeString('name', {
        nullable: true,
        description:
          'The name that goes into the change log as the operator: of the token, or the subject of the JWT. Null without a token, or with one that has no name; then `x-operator` counts. Example: `"ops"`.',
      }),
      authenticated: t.exposeBoolean('authenticated', {
        description: 'Whether you showed a token that counts; otherwise you may what anybody may. Example: `true`.',
      }),
      mayRead: t.boolean({
        description: 'Whether you have the scope `registry:read`: queries and subscriptions. Example: `true`.',
        resolve: ({ scopes }) => scopes.has('registry:read'),
      }),
      mayWrite: t.boolean({
        description: 'Whether you have the scope `registry:write`: mutations. Example: `false`.',
        resolve: ({ scopes }) => scopes.has('registry:write'),
      }),
      expiresAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'Until when the token counts; null where that is not said. Example: `"2026-11-24T14:29:00.000Z"`.',
        resolve: ({ expiresAt }) => expiresAt,
      }),
    }),
  });
}
