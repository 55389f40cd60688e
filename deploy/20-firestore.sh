#!/usr/bin/env bash
# Firestore: the database where there is none, the indexes that the queries need, and, if told to, the security rules.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

say "Firestore"
exists firestore databases describe --database='(default)' ||
  cloud firestore databases create --database='(default)' --location="$FIRESTORE_LOCATION" \
    --type=firestore-native --delete-protection

# Indexes of your app that are not in firestore.indexes.json stay: nothing is deleted without --force.
what=firestore:indexes
if [[ $FIRESTORE_RULES == replace ]]; then
  what=firestore:rules,firestore:indexes
else
  printf 'Your security rules stay as they are: let them allow what firestore.rules allows.\n'
fi
cd "$ROOT"
run npx --yes firebase-tools@15.34.2 deploy --only "$what" --project "$PROJECT_ID" --non-interactive
