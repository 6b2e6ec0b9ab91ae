//! Answers at run time. What is known of agents and grants is held in an index in memory; a question
//! is answered from it, and the answer is recorded before it is given. The record is written under
//! the lock that all writers of all replicas share: whatever changed since the index was read is seen
//! there, and the question is answered anew. So no answer is older than the last acknowledged change.
