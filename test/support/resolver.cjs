/** TypeScript's `./x.js` means `./x.ts` in our sources; packages get what they ask for. */
module.exports = (path, options) => {
  const ours = path.startsWith('.') && path.endsWith('.js') && !options.basedir.includes('node_modules');
  if (ours) {
    try {
      return options.defaultResolver(path.replace(/\.js$/, '.ts'), options);
    } catch {
      // It is a JavaScript file after all.
    }
  }
  return options.defaultResolver(path, options);
};
