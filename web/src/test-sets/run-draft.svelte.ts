// How a test set is run, as it is typed: its scorings and a system message; on a session now, or by itself.

import type { Scoring } from '$/api/tasks';
import type { TestRun, TestSet } from '$/api/test-sets';
import type { Task } from '$/api/tasks';
import { draftOf, newScoring, scoringGaps, scoringOf, type ScoringDraft } from '$/pages/new-task/scoring';

/** The column of a case's expected answer. */
export const EXPECTED = 'expected';

export interface RunSettings {
  scoring: Scoring[];
  system?: string;
  parameters: TestRun['parameters'];
}

/** Of what the set runs by itself with, else of its last run. */
function settingsOf(set: TestSet): Pick<Task, 'scoring' | 'system' | 'parameters'> | null {
  const from = set.run ?? set.runs[0];
  return from ? { scoring: from.scoring ?? [], system: from.system ?? null, parameters: from.parameters ?? {} } : null;
}

export class RunDraft {
  scorings = $state<ScoringDraft[]>([]);
  system = $state('');
  #parameters: TestRun['parameters'] = {};

  fill(set: TestSet): void {
    const present = settingsOf(set);
    this.scorings = present ? present.scoring.map(draftOf) : [newScoring('exact', EXPECTED)];
    this.system = present?.system ?? '';
    this.#parameters = present?.parameters ?? {};
  }

  /** By the field of the request: `scoring[0].reference`. */
  get gaps(): Record<string, string> {
    const gaps: Record<string, string> = {};
    for (const [place, scoring] of this.scorings.entries()) {
      for (const [field, words] of Object.entries(scoringGaps(scoring))) gaps[`scoring[${place}].${field}`] = words;
    }
    return gaps;
  }

  /** Call it without gaps. */
  get settings(): RunSettings {
    return {
      scoring: this.scorings.map(scoringOf),
      ...(this.system.trim() === '' ? {} : { system: this.system }),
      parameters: this.#parameters,
    };
  }
}
