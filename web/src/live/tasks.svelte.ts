// Every task that this page has seen.

import type { Task } from '$/api/tasks';
import { LiveThings } from './things';

export const liveTasks = new LiveThings<Task>();
