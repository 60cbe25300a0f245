// Whether the person may change anything. What would only be refused is not offered: a button with `changes` is left
// out, an entry of a menu says why it does not apply. The shell sets it.

let mayChange = $state(true);

export const VIEWERS_LOOK = 'Viewers look, and change nothing';

export const permission = {
  get mayChange(): boolean {
    return mayChange;
  },
  set mayChange(may: boolean) {
    mayChange = may;
  },
};
