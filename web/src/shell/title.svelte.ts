// The tab's title. A page says what it is; a status comes first, so that it is seen in a narrow tab.

let page = $state('');

/** Call while a component initialises: the title follows what `read` reads, until the component goes. */
export function title(read: () => string): void {
  $effect(() => {
    page = read();
    return () => {
      page = '';
    };
  });
}

/** Once, by the application. */
export function followTitle(): void {
  $effect(() => {
    document.title = page ? `${page} – Viva` : 'Viva';
  });
}
