import type { Command } from 'commander';
import { attach, type Attached } from '../attach';

/** Runs with the stack that `--data` names, or with the one that runs, and lets go of it again. */
export async function withAttached(command: Command, work: (attached: Attached) => Promise<void>): Promise<void> {
  const attached = await attach(command.optsWithGlobals<{ data: string }>().data);
  try {
    await work(attached);
  } finally {
    await attached.close();
  }
}

/** What a group of commands does when none of them is named; a misspelt one is an error that names it. */
export function defaultCommand(group: Command, name: string): Command {
  return group
    .command(name, { isDefault: true })
    .allowExcessArguments()
    .hook('preAction', (_, command) => {
      const [word] = command.args;
      if (word !== undefined) group.error(`error: '${word}' is not a command of '${group.name()}': see '${group.name()} --help'`);
    });
}
