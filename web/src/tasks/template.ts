// Prompts made of a row's columns, as the server makes them. Pure.

/** A prompt as the template makes it of a row; places of unknown columns stay as they are. */
export function rendered(template: string, columns: readonly string[], row: readonly string[]): string {
  return template.replace(/\\?\{\{\s*([^{}\n]*?)\s*\}\}/g, (place, name: string) => {
    if (place.startsWith('\\')) return place.slice(1);
    const index = columns.indexOf(name);
    return index < 0 ? place : (row[index] ?? '');
  });
}

/** The column that is the prompt where no template is given. */
export function promptColumn(columns: readonly string[]): string | null {
  return ['prompt', 'question', 'input', 'text', 'instruction', 'messages'].find((name) => columns.includes(name)) ?? null;
}
