// A Stryker checker that keeps a seeded share of all mutants: the others count as not made. A mutant's place decides, never chance.
import { createHash } from 'node:crypto';
import { declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin';

const share = Number(process.env.MUTATION_SHARE ?? '1');
const seed = process.env.MUTATION_SEED ?? '1';

const isKept = ({ fileName, location, mutatorName, replacement }) => {
  const { start, end } = location;
  // The folder of the run differs between two runs: the file counts from the project's own folders on.
  const file = fileName.replace(/^.*?\/(?=(?:domain|activities|db|channels|services)\/)/, '');
  const place = [seed, file, start.line, start.column, end.line, end.column, mutatorName, replacement].join('|');
  return createHash('sha256').update(place).digest().readUInt32BE(0) / 2 ** 32 < share;
};

class SampleChecker {
  async init() {}

  async check(mutants) {
    return Object.fromEntries(
      mutants.map((mutant) => [mutant.id, isKept(mutant) ? { status: 'passed' } : { status: 'compileError', reason: 'not in the sample' }]),
    );
  }

  async group(mutants) {
    return [mutants.map((mutant) => mutant.id)];
  }
}

export const strykerPlugins = [declareFactoryPlugin(PluginKind.Checker, 'sample', () => new SampleChecker())];
