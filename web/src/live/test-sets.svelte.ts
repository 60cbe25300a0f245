// Every test set that this page has seen. The runs of one are told with it alone, not by its events: they are tasks.

import type { TestSet } from '$/api/test-sets';
import { LiveThings } from './things';

export const liveTestSets = new LiveThings<TestSet>();
