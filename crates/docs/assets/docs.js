// What the pages gain where scripts run: the console's choice of theme, search as you type, copying of samples.
(() => {
  'use strict';

  const root = document.documentElement;

  function applyTheme() {
    let theme = 'system';
    try {
      theme = JSON.parse(localStorage.getItem('viva.preferences') ?? '{}').theme ?? 'system';
    } catch {
      // A browser that keeps nothing, or nothing that can be read: as the system says.
    }
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
    else delete root.dataset.theme;
  }

  applyTheme();
  addEventListener('storage', applyTheme);

  document.addEventListener('DOMContentLoaded', () => {
    for (const sample of document.querySelectorAll('pre')) offerCopy(sample);
    searchAsYouType(document.querySelector('form.search'));
    // On a small screen the list of pages opens when it is asked for.
    if (matchMedia('(max-width: 760px)').matches) document.querySelector('.pages details')?.removeAttribute('open');
  });

  function offerCopy(sample) {
    if (!navigator.clipboard) return;
    const frame = document.createElement('div');
    frame.className = 'sample';
    sample.replaceWith(frame);
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'button';
    button.textContent = 'Copy';
    button.addEventListener('click', async () => {
      const isCopied = await navigator.clipboard.writeText(sample.textContent).then(() => true, () => false);
      button.textContent = isCopied ? 'Copied' : 'Not copied';
      setTimeout(() => (button.textContent = 'Copy'), 2000);
    });
    frame.append(sample, button);
    // The button stands beside the code, or above it where the lines are too long for that.
    const code = document.createRange();
    code.selectNodeContents(sample);
    const place = () => {
      const width = code.getBoundingClientRect().width + button.offsetWidth + 32;
      frame.classList.toggle('is-crowded', width > sample.clientWidth);
    };
    place();
    addEventListener('resize', place);
  }

  function searchAsYouType(form) {
    const input = form.querySelector('input');
    const list = document.createElement('div');
    list.className = 'found';
    list.id = 'found';
    list.setAttribute('role', 'listbox');
    list.setAttribute('aria-label', 'Found sections');
    list.hidden = true;
    form.append(list);
    for (const [name, value] of Object.entries({ role: 'combobox', 'aria-expanded': 'false', 'aria-controls': 'found', 'aria-autocomplete': 'list' })) {
      input.setAttribute(name, value);
    }
    let asked = 0;
    let chosen = -1;

    function close() {
      list.hidden = true;
      chosen = -1;
      input.setAttribute('aria-expanded', 'false');
      input.removeAttribute('aria-activedescendant');
    }

    function choose(at) {
      const entries = [...list.children];
      if (entries.length === 0) return;
      chosen = (at + entries.length) % entries.length;
      entries.forEach((entry, index) => entry.setAttribute('aria-selected', String(index === chosen)));
      entries[chosen].scrollIntoView({ block: 'nearest' });
      input.setAttribute('aria-activedescendant', entries[chosen].id);
    }

    async function search() {
      const number = ++asked;
      const typed = input.value.trim();
      if (typed.length < 2) return close();
      let items;
      try {
        const answer = await fetch(`/docs/search?limit=8&q=${encodeURIComponent(input.value)}`, { headers: { Accept: 'application/json' } });
        items = answer.ok ? (await answer.json()).items : [];
      } catch {
        items = [];
      }
      // A later question has been asked meanwhile, or the box was left.
      if (number !== asked || document.activeElement !== input) return;
      list.replaceChildren(...items.map(entry));
      chosen = -1;
      list.hidden = items.length === 0;
      input.setAttribute('aria-expanded', String(items.length > 0));
    }

    function entry(item, index) {
      const [link, place, text] = ['a', 'span', 'p'].map((name) => document.createElement(name));
      link.id = `found-${index}`;
      link.setAttribute('role', 'option');
      link.setAttribute('aria-selected', 'false');
      link.href = item.url;
      link.tabIndex = -1;
      place.className = 'quiet';
      place.textContent = item.title === item.section ? '' : `${item.title} › `;
      text.textContent = item.text;
      link.append(place, item.section, text);
      return link;
    }

    let waiting = 0;
    input.addEventListener('input', () => {
      clearTimeout(waiting);
      waiting = setTimeout(search, 80);
    });
    input.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') close();
      else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        if (list.hidden) return;
        event.preventDefault();
        choose(event.key === 'ArrowDown' ? chosen + 1 : chosen < 0 ? -1 : chosen - 1);
      } else if (event.key === 'Enter' && chosen >= 0 && !list.hidden) {
        event.preventDefault();
        list.children[chosen].click();
      }
    });
    list.addEventListener('click', close);
    document.addEventListener('pointerdown', (event) => {
      if (!form.contains(event.target)) close();
    });
    document.addEventListener('keydown', (event) => {
      if (event.key === '/' && !event.ctrlKey && !event.metaKey && !event.altKey && document.activeElement !== input) {
        event.preventDefault();
        input.focus();
      }
    });
  }
})();
