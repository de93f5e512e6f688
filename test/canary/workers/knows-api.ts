export { thing } from '../api/thing';
