// Eligibility, criterion by criterion: what it asks for, and what the model has.

import type { Model } from '$/api/types';
import { bytes, plural } from '$/format/number';
import { sentence } from '$/format/text';
import { stageWord, typeText } from './facts';

export interface CriterionState {
  id: Model['ineligible_because'][number]['criterion'];
  /** What is asked for. */
  label: string;
  isMet: boolean;
  /** What the model has, or what it fails. */
  text: string;
}

/** All four, those that fail first. */
export function criteria(model: Model): CriterionState[] {
  const failed = new Map(model.ineligible_because.map(({ criterion, message }) => [criterion, message]));
  const all = [
    { id: 'type', label: 'Type LLM or VLM', text: typeText(model) },
    { id: 'size', label: 'Size above 0', text: bytes(model.size_bytes) },
    { id: 'learning_stage', label: 'Instruction-tuned', text: stageText(model) },
    { id: 'files', label: 'All files present', text: `${plural(model.files.length, 'file')}, ${model.files.length === 1 ? 'whole' : 'each whole'}` },
  ] as const;
  return all
    .map(({ id, label, text }): CriterionState => {
      const message = failed.get(id);
      // Of the learning stage the page itself says what to do; the server's sentence names its command line.
      const words = message === undefined || id === 'learning_stage' ? text : sentence(message);
      return { id, label, isMet: message === undefined, text: words };
    })
    .sort((one, other) => Number(one.isMet) - Number(other.isMet));
}

function stageText({ learning_stage: { stage, inferred_from: source } }: Model): string {
  return source ? `${stageWord(stage)}, from ${source}` : stageWord(stage);
}
