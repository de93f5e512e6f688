#!/usr/bin/env node
// The `loan` command: runs the TypeScript CLI of this checkout.
import { register } from 'tsx/esm/api';
import { register as registerCommonJs } from 'tsx/cjs/api';

register();
registerCommonJs();
await import('../cli/cli.ts');
