// Names of files. Pure.

/** `path`, or with a number before its ending what is not among `taken`: `cases.csv`, `cases 2.csv`. */
export function freeName(path: string, taken: ReadonlySet<string>): string {
  if (!taken.has(path)) return path;
  const dot = path.lastIndexOf('.');
  const [stem, ending] = dot > path.lastIndexOf('/') + 1 ? [path.slice(0, dot), path.slice(dot)] : [path, ''];
  for (let number = 2; ; number += 1) {
    const name = `${stem} ${number}${ending}`;
    if (!taken.has(name)) return name;
  }
}

/** The beginning of a digest, enough to tell two files apart. */
export const shortHash = (sha256: string): string => sha256.slice(0, 8);
