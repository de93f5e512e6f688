import type { Command } from 'commander';
import { dismissOperator, enlistOperator, listOperators, vouchFor } from '../../db/party/operators';
import { LoanloomError } from '../../domain/errors';
import { isOperatorRole, OPERATOR_ROLES, type OperatorRole } from '../../domain/party/operators';
import { operatorKeysOf } from '../attach';
import { asOwner, assertOperatorName, ensureKey } from '../operator-keys';
import { withAttached } from './subcommands';

const print = (line: string) => process.stdout.write(`${line}\n`);

interface AddOptions {
  readonly staffNumber: string;
  readonly roles: string;
  readonly reason: string;
  readonly publicKey?: string;
}

function rolesIn(text: string): OperatorRole[] {
  const roles = text.split(',').map((each) => each.trim());
  const known = roles.filter(isOperatorRole);
  if (known.length !== roles.length || (known.includes('auditor') && known.length > 1))
    throw new LoanloomError('VALIDATION', `roles are ${OPERATOR_ROLES.join(', ')}, separated by commas; an auditor has no other`, {
      path: '--roles',
    });
  return [...new Set(known)];
}

/** `loan operator`: who may decide about loans, each with a key of their own. */
export function addOperatorStaff(program: Command): void {
  const operator = program.command('operator').description('operators, their roles and their keys');
  operator
    .command('add <name>')
    .description('enter an operator, or give one new roles or a new key; needs DATABASE_OWNER_URL')
    .requiredOption('--staff-number <number>', 'which person that is: a person is one operator only, as four eyes count persons')
    .requiredOption('--roles <list>', `of ${OPERATOR_ROLES.join(', ')}, separated by commas`)
    .requiredOption('--reason <text>', 'why; written to the audit log')
    .option('--public-key <key>', 'what "loan operator key" printed on that person’s own machine; without it, the key is made here')
    .action((name: string, options: AddOptions, command: Command) =>
      withAttached(command, async (attached) => {
        assertOperatorName(name);
        const roles = rolesIn(options.roles);
        if (!/^[0-9A-Z-]{1,20}$/.test(options.staffNumber))
          throw new LoanloomError('VALIDATION', 'a staff number has 1 to 20 digits, capital letters and hyphens', {
            path: '--staff-number',
          });
        if (options.publicKey !== undefined && !/^[\w-]{43}$/.test(options.publicKey))
          throw new LoanloomError('VALIDATION', 'a public key has 43 characters: "npx loan operator key <name>" prints it', {
            path: '--public-key',
          });
        await asOwner(attached, async (owner) => {
          const publicKey = options.publicKey ?? (await ensureKey(attached.operatorKeys, name));
          const row = { name, staff_number: options.staffNumber, roles, public_key: publicKey, epoch: await attached.restoreEpoch() };
          await enlistOperator(owner, row, options.reason);
        });
        print(`${name} is an operator with the roles ${roles.join(', ')}`);
        if (options.publicKey === undefined) print(`their key is in ${attached.operatorKeys}, for this machine’s user alone`);
      }),
    );
  operator
    .command('key <name>')
    .description('make a key pair on this machine and print its public half, for whoever enters operators')
    .action(async (name: string, _options: object, command: Command) => {
      print(await ensureKey(operatorKeysOf(command.optsWithGlobals<{ data: string }>().data), name));
    });
  operator
    .command('dismiss <name>')
    .description('take an operator’s access away at once; needs DATABASE_OWNER_URL')
    .requiredOption('--reason <text>', 'why; written to the audit log')
    .action((name: string, options: { reason: string }, command: Command) =>
      withAttached(command, async (attached) => {
        await asOwner(attached, (owner) => dismissOperator(owner, name, options.reason));
        print(`${name} has no access any more`);
      }),
    );
  operator
    .command('vouch <names...>')
    .description('after a restore: these operators go on working; needs DATABASE_OWNER_URL')
    .requiredOption('--reason <text>', 'why; written to the audit log')
    .action((names: string[], options: { reason: string }, command: Command) =>
      withAttached(command, async (attached) => {
        const epoch = await attached.restoreEpoch();
        await asOwner(attached, (owner) => vouchFor(owner, names, epoch, options.reason));
        print(`${names.join(', ')}: vouched for since the restore`);
      }),
    );
  operator
    .command('list')
    .description('every operator, with roles')
    .action((_options: object, command: Command) =>
      withAttached(command, async (attached) => {
        const { db } = attached;
        const epoch = await attached.restoreEpoch();
        const operators = await listOperators(db);
        if (operators.length === 0) print('no operator yet: npx loan operator add <name> --staff-number … --roles … --reason …');
        for (const each of operators)
          print(
            `${each.name.padEnd(20)} ${each.staff_number.padEnd(12)} ${!each.is_active ? 'dismissed' : each.epoch < epoch ? 'not vouched for since the restore' : each.roles.join(', ')}`,
          );
      }),
    );
}
