module.exports = require('./command-out.ts').register
