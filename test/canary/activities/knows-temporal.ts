export { thing } from '../temporal/thing';
