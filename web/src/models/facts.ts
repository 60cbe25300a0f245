// What a model is, in words.

import type { Model } from '$/api/types';
import { bytes, count } from '$/format/number';

const types: Record<Model['type'], string> = { llm: 'LLM', vlm: 'VLM', other: 'Other' };
const stages: Record<Model['learning_stage']['stage'], string> = {
  pretrained: 'Pretrained',
  instruction_tuned: 'Instruction-tuned',
  unknown: 'Not known',
};
const compactFormat = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

export const reference = (model: Pick<Model, 'name' | 'version'>): string => `${model.name}:${model.version}`;

export const typeWord = (model: Model): string => types[model.type];

/** With what goes in. */
export function typeText(model: Pick<Model, 'type'>): string {
  return { llm: 'LLM: text in', vlm: 'VLM: text and images in', other: 'neither LLM nor VLM' }[model.type];
}

export const stageWord = (stage: Model['learning_stage']['stage']): string => stages[stage];

/** Weights: `1.2M`, `7.62B`. */
export function parameters(model: Model): string {
  return model.parameters > 0 ? compactFormat.format(model.parameters) : '–';
}

/** The facts that one model is told from another by, short, for one line. */
export function shortFacts(model: Model): string[] {
  return [
    typeWord(model),
    model.parameters > 0 ? `${parameters(model)} parameters` : null,
    model.quantization ?? null,
    bytes(model.size_bytes),
    model.context_length ? `context ${count(model.context_length)}` : null,
    model.family || null,
  ].filter((fact) => fact !== null);
}
