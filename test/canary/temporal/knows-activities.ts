export { thing } from '../activities/thing';
