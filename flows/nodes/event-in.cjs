module.exports = require('./event-in.ts').register
