// The menu of a task.

import { tasks as api, type Task } from '$/api/tasks';
import { liveTasks } from '$/live/tasks.svelte';
import { taskPath } from '$/router/routes';
import type { MenuEntry } from '$/ui/Menu.svelte';
import { toasts } from '$/ui/toasts.svelte';
import { cancelRefusal, compareRefusal, deleteRefusal, download, exportFormats, resumeRefusal } from './actions';
import type { TaskDialogState } from './dialogs.svelte';

export async function cancelTask(task: Task): Promise<void> {
  try {
    liveTasks.put(await api.cancel(task.id));
  } catch (thrown) {
    toasts.error(thrown, 'The task was not cancelled');
  }
}

/** What can be done with it; `withDownloads` where no menu of its own stands beside. */
export function taskEntries(task: Task, dialogs: TaskDialogState, withDownloads: 'with downloads' | 'without'): MenuEntry[] {
  return [
    { label: 'Cancel', changes: true, icon: 'stop', onselect: () => void cancelTask(task), disabledBecause: cancelRefusal(task) },
    { label: 'Resume', changes: true, icon: 'play', onselect: () => dialogs.ask('resume', task), disabledBecause: resumeRefusal(task) },
    { label: 'Compare with…', icon: 'sliders', onselect: () => dialogs.ask('compare', task), disabledBecause: compareRefusal(task) },
    { label: 'Run in another session…', changes: true, icon: 'arrowRight', onselect: () => dialogs.ask('again', task) },
    { label: 'New task like this one', changes: true, icon: 'plus', href: `${taskPath(task.session_id)}?like=${encodeURIComponent(task.id)}` },
    ...(withDownloads === 'with downloads'
      ? [
          'line' as const,
          ...exportFormats.map(([format, label]): MenuEntry => ({ label: `Download as ${label}`, icon: 'download', onselect: () => download(task, format) })),
        ]
      : []),
    'line',
    { label: 'Delete', changes: true, icon: 'trash', isDanger: true, onselect: () => dialogs.ask('delete', task), disabledBecause: deleteRefusal(task) },
  ];
}
