// A seeded violation: the dependency check must refuse a domain module that imports Node.
import { readFileSync } from 'node:fs';

export const leaked = readFileSync;
