import { describe, expect, it } from 'vitest';
import { ApiError, type FieldError } from '$/api/error';
import { Check } from './check.svelte';
import { empty, type Draft } from './draft';
import { Faults } from './faults.svelte';
import { FormSteps } from './steps.svelte';

function form(changes: Partial<Draft> = {}) {
  const [check, steps] = [new Check(), new FormSteps()];
  return { check, steps, faults: new Faults({ ...empty, ...changes }, check, steps) };
}

const refused = (...fields: FieldError[]) => new ApiError('invalid_request', 'Refused', 422, 'Refused', fields);

describe('what stands in the way of a creation', () => {
  it('is no error as long as its step was not left', () => {
    const { steps, faults } = form();
    expect(faults.all).toEqual([]);
    steps.leave('model');
    expect(faults.all).toEqual([{ field: 'model', step: 'model', message: 'Choose a model.' }]);
    expect([faults.isAt('model'), faults.isDone('model'), faults.isAt('name')]).toEqual([true, false, false]);
  });

  it('is at its field what the server said, at once', () => {
    const { check, faults } = form({ model: 'mdl_1', name: 'taken' });
    check.error = refused({ field: 'name', code: 'taken', message: 'this name is taken' });
    expect(faults.of('name')).toBe('This name is taken.');
    expect([faults.isAt('name'), faults.general]).toEqual([true, null]);
  });

  it('leaves out what a stand-in for the model fails', () => {
    const field = { field: 'model', code: 'not_eligible', message: 'it is not eligible' };
    const [without, withModel] = [form(), form({ model: 'mdl_1' })];
    for (const { check } of [without, withModel]) check.error = refused(field);
    expect([without.faults.of('model'), withModel.faults.of('model')]).toEqual([null, 'It is not eligible.']);
  });

  it('says of instants what the server names in UTC', () => {
    const { check, faults } = form({ model: 'mdl_1' });
    check.error = refused({ field: 'stop.at', code: 'in_the_past', message: '2026-01-01T00:00:00Z has passed' });
    expect(faults.of('stop.at')).toBe('This time has passed; give a later one.');
  });

  it('that is of no field stands above the form, memory at the step of its remedy besides', () => {
    const { check, faults } = form({ model: 'mdl_1' });
    check.error = new ApiError('memory_exceeded', 'Too large.', 422);
    expect([faults.general?.message, faults.of('memory'), faults.isAt('stop')]).toEqual(['Too large.', 'Too large.', true]);
  });
});
