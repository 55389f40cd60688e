#!/usr/bin/env bash
# The Cloud KMS key that licence keys are sealed under. It can't be deleted by mistake, and a new version comes each quarter;
# old versions must stay enabled, since they open what they sealed.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[[ $LICENSE_KMS == yes ]] || exit 0

say "The key for licence keys"
where=(--location="$REGION")
exists kms keyrings describe playgrant "${where[@]}" || cloud kms keyrings create playgrant "${where[@]}"
where+=(--keyring=playgrant)
exists kms keys describe licenses "${where[@]}" ||
  cloud kms keys create licenses "${where[@]}" --purpose=encryption --rotation-period=90d \
    --next-rotation-time=+p90d --destroy-scheduled-duration=30d

for member in "$API_ACCOUNT" "$WORKER_ACCOUNT"; do
  grant kms keys add-iam-policy-binding licenses "${where[@]}" --member="serviceAccount:$member" \
    --role=roles/cloudkms.cryptoKeyEncrypterDecrypter
done
