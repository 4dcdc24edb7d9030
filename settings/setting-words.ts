/** How messages name a setting and its remedy: as the stack's configuration, or as an argument of a program. */
export interface SettingWords {
  /** Name of the project, for the stack's configuration. */
  readonly project?: string;
  /** `customerio-aep:dataset.existing`. */
  name(path: string): string;
  /** `npx pulumi config set --path dataset.existing <which>`. */
  set(path: string, value: string): string;
  /** `npx pulumi config rm --path dataset.existing`. */
  remove(path: string): string;
  /** `npx pulumi config set --secret signingKeys`: without the value, for which the command asks; the shell's history would keep it. */
  setSecret(path: string): string;
}

/** Settings of a stack, by the name of their project. */
export function stackWords(project: string): SettingWords {
  return {
    project,
    name: (path) => `${project}:${path}`,
    set: (path, value) => `npx pulumi config set ${argumentOf(path)} ${value}`,
    remove: (path) => `npx pulumi config rm ${argumentOf(path)}`,
    setSecret: (path) => `npx pulumi config set --secret ${argumentOf(path)}`,
  };
}

/** Arguments of a component. */
export const argumentWords: SettingWords = {
  name: (path) => path,
  set: (path, value) => `set the argument ${path} to ${value}`,
  remove: (path) => `leave the argument ${path} out`,
  setSecret: (path) =>
    `Set the secret that the program reads for the argument ${path}, such as: npx pulumi config set --secret ${path}`,
};

/** @param project name of the project whose stack has the settings; undefined: they are a program's arguments */
export function settingWordsOf(project: string | undefined): SettingWords {
  return project === undefined ? argumentWords : stackWords(project);
}

function argumentOf(path: string): string {
  if (!/[.[]/.test(path)) return path;
  // Shells treat brackets as a pattern.
  return `--path ${path.includes("[") ? `'${path}'` : path}`;
}
