"""The vendor's methods that are not here: the status that each is refused with, and why."""

from __future__ import annotations

UNDER_MAINTENANCE = "method_maintenance"
"""The vendor's status for a method that cannot be used: programs that know it say so, and do nothing."""

_REASONS = {
    "Ringpost has no fax.": (
        "cancelFaxNumber connectFAX delEmailToFax delFaxFolder deleteFaxMessage getEmailToFax getFaxFolders "
        "getFaxMessagePDF getFaxMessages getFaxNumbersInfo getFaxNumbersPortability getFaxProvinces "
        "getFaxRateCentersCAN getFaxRateCentersUSA getFaxStates mailFaxMessagePDF moveFaxMessage "
        "orderFaxNumber searchFaxAreaCodeCAN searchFaxAreaCodeUSA sendFaxMessage setEmailToFax setFaxFolder "
        "setFaxNumberEmail setFaxNumberInfo setFaxNumberURLCallback unconnectFAX"
    ),
    "Ringpost has no resellers: a licence key has no clients of its own.": (
        "addCharge addPayment assignDIDvPRI connectDID delClient getCharges getClientPackages "
        "getClientThreshold getClients getDIDvPRI getDeposits getPackages getResellerBalance getResellerCDR "
        "getResellerMMS getResellerSMS getVPRIs removeDIDvPRI setClient setClientThreshold signupClient "
        "unconnectDID"
    ),
    "Numbers are ported to the carrier, not to Ringpost.": (
        "addLNPFile addLNPPort getLNPAttach getLNPAttachList getLNPDetails getLNPList getLNPListStatus "
        "getLNPNotes getLNPStatus getPortability"
    ),
    "Emergency numbers are never called here.": (
        "e911AddressTypes e911Cancel e911Info e911Provision e911ProvisionManually e911Update e911Validate"
    ),
    "The stock has numbers of the configuration only; what is not there cannot be ordered.": (
        "backOrderDIDCAN backOrderDIDUSA getBackOrders getCarriers getDIDCountries "
        "getDIDsInternationalGeographic getDIDsInternationalNational getDIDsInternationalTollFree "
        "orderDIDInternationalGeographic orderDIDInternationalNational orderDIDInternationalTollFree "
        "orderDIDVirtual orderVanity searchVanity"
    ),
    "Phones have no locations here.": ("delLocation getLocations setLocation"),
    "Nothing is transcribed here.": "getCallTranscriptions getVoicemailTranscriptions",
    "Ringpost keeps no payments; `ringpost usage` tells what was used.": "getRates getTransactionHistory",
    "Ringpost does not have this.": (
        "addMemberToConference delCallHunting delCallParking delConference "
        "delConferenceMember delMemberFromConference delMusicOnHold delSIPURI getCallHuntings getCallParking "
        "getConference getConferenceMembers getConferenceRecordingFile "
        "getConferenceRecordings getMusicOnHold getSIPURIs markUrgentVoicemailMessage "
        "setCallHunting setCallParking setConference setConferenceMember setMusicOnHold setSIPURI"
    ),
}

ABSENT = {method: (UNDER_MAINTENANCE, reason) for reason, methods in _REASONS.items() for method in methods.split()}
"""By the vendor's name of the method: the status and the reason. A method that is declared is not looked for here."""
