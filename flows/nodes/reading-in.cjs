module.exports = require('./reading-in.ts').register
