// Finds modules without their extension, as bundlers do: generated clients are made for those.
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    for (const end of specifier.startsWith('.') ? ['.js', '/index.js'] : []) {
      try { return next(specifier + end, context); } catch { /* the next one */ }
    }
    return next(specifier, context);
  },
});
