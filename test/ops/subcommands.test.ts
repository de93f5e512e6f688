import { Command } from 'commander';
import { defaultCommand } from '../../ops/cli/subcommands';

async function said(...words: string[]): Promise<string[]> {
  const lines: string[] = [];
  const program = new Command('loan').exitOverride().configureOutput({ writeErr: (text) => lines.push(text.trim()) });
  const group = program.command('recon').exitOverride();
  defaultCommand(group, 'breaks').action(() => {
    lines.push('breaks');
  });
  group.command('run').action(() => {
    lines.push('run');
  });
  await program.parseAsync(['node', 'loan', ...words]).catch(() => undefined);
  return lines;
}

describe('a group of commands', () => {
  it('does its default when none is named, and calls a misspelt one by its name', async () => {
    expect(await said('recon')).toEqual(['breaks']);
    expect(await said('recon', 'run')).toEqual(['run']);
    expect(await said('recon', 'frob')).toEqual(["error: 'frob' is not a command of 'recon': see 'recon --help'"]);
  });
});
