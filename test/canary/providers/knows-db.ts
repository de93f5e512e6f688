export { thing } from '../db/thing';
