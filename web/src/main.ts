import './styles/index.css';
// First of all: the theme, before anything is drawn.
import '$/shell/preferences.svelte';
import { mount } from 'svelte';
import { whenUnauthorized } from '$/api/client';
import { navigate, router, startRouter } from '$/router/router.svelte';
import Shell from '$/shell/Shell.svelte';

startRouter();
whenUnauthorized(() => {
  if (router.path !== '/login') navigate(`/login?next=${encodeURIComponent(router.here)}`, { replace: true });
});

mount(Shell, { target: document.getElementById('app')! });
