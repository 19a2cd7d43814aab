/**
 * A library's own debug output shows the environment that it gives to git, with the password. It reads DEBUG once, when
 * it is loaded, so this module is imported before all others.
 */
const { DEBUG } = process.env;
if (DEBUG !== undefined && DEBUG !== '') process.env['DEBUG'] = `${DEBUG},-simple-git,-simple-git:*`;
