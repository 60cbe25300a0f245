// Why the identity provider's word did not log somebody in, in a person's words; by the server's word in the address.

const REFUSALS: Readonly<Record<string, string>> = {
  oidc_not_configured: 'This server has no identity provider to log in with any more. Log in another way.',
  oidc_cancelled: 'You were not logged in: the login was cancelled, or your identity provider did not allow it.',
  oidc_expired: 'That login took too long, was used already, or began in another browser. Begin again here.',
  oidc_unavailable: 'The identity provider cannot be reached at the moment. Try again shortly, or log in another way.',
  oidc_refused: 'The identity provider gave an answer that this server cannot accept. Its log says more; tell an admin.',
  oidc_not_let_in: 'The identity provider knows you, but nobody has let you in here yet. Ask an admin of this server.',
  oidc_disabled: 'Your user is disabled here. Ask an admin of this server.',
  oidc_removed: 'Your user was removed here. Ask an admin of this server if you are to come back.',
  oidc_held_back: 'Too many logins from your address came to nothing. Try again in a minute.',
  oidc_storage: 'The server cannot write at the moment, so it logs nobody in. Try again shortly.',
};

/** The sentence for a word of the server's; a word that is not known has one, too. Null where there is no word. */
export function refusal(word: string | null): string | null {
  if (word === null) return null;
  return Object.hasOwn(REFUSALS, word) ? REFUSALS[word]! : 'You were not logged in. Try again, or log in another way.';
}
