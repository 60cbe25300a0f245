// Sentences of the server, which begin small and end without a stop, as they stand by themselves.

export function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…:)]$/.test(whole) ? whole : `${whole}.`;
}
